from checker import submit

!docker image tag c03-shop:stable c03-shop:previous

!echo FROM c03-shop:2.0 | docker build --quiet --label stage=production --tag c03-shop:2.0 -
!docker image tag c03-shop:2.0 c03-shop:stable
!docker image tag c03-shop:2.0 c03-shop:latest

ids = !docker image ls --quiet --no-trunc c03-shop
submit(images=len(set(ids)))
