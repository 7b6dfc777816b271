from checker import submit

submit(smallest=r"proposals\b.Dockerfile")
