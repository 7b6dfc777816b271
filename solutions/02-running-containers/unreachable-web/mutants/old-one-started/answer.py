!docker start c02-shop
