from checker import submit

submit(count=3)
