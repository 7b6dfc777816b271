from checker import submit

submit(smallest="a")
