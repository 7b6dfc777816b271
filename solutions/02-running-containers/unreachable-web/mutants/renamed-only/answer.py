!docker rm c02-shop
!docker rename c02-shop-new c02-shop
