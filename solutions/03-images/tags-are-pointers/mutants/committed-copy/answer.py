from checker import submit

!docker image tag c03-shop:stable c03-shop:previous
!docker image tag c03-shop:2.0 c03-shop:latest

!docker create --name c03-shop-copy c03-shop:2.0
!docker commit c03-shop-copy c03-shop:stable
!docker rm c03-shop-copy

ids = !docker image ls --quiet --no-trunc c03-shop
submit(images=len(set(ids)))
