from checker import submit

!docker image tag c03-shop:stable c03-shop:previous

!docker create --name c03-shop-copy c03-shop:2.0
!docker commit c03-shop-copy c03-shop:2.0
!docker rm c03-shop-copy

!docker image tag c03-shop:2.0 c03-shop:stable
!docker image tag c03-shop:2.0 c03-shop:latest

ids = !docker image ls --quiet --no-trunc c03-shop
submit(images=len(set(ids)))
