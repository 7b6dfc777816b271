from checker import submit

submit(smallest="b")
