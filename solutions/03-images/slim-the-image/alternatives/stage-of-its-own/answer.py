from checker import submit

submit(smallest=["Proposal B"])
