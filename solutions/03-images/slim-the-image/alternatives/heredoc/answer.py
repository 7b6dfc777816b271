from checker import submit

submit(smallest="./proposals/b.Dockerfile")
