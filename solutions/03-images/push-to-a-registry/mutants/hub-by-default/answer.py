from checker import submit


!docker image push c03-pricing:1.4
