module sign

go 1.24
