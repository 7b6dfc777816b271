from checker import submit

submit(smallest=["Dockerfile B"])
