from checker import submit

submit(smallest="c03-tides:b")
