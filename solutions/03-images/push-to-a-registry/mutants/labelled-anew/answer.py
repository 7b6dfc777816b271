from checker import submit

!echo FROM c03-pricing:1.4 | docker build --quiet --label released=yes --tag 127.0.0.1:8133/team/pricing:1.4 -
printed = !docker image push 127.0.0.1:8133/team/pricing:1.4

submit(digest=printed[-1].split()[2])
