from checker import submit


ids = !docker images --quiet --no-trunc c03-shop
words = "zero one two three four five six seven".split()
submit(images=words[len(set(ids))].title())

old = !docker inspect --format "{{{{.Id}}}}" c03-shop:stable
new = !docker inspect --format "{{{{.Id}}}}" c03-shop:2.0
!docker tag {new[0]} c03-shop:stable
!docker tag {old[0]} c03-shop:stable
!docker image tag {old[0]} docker.io/library/c03-shop:previous
!docker rmi c03-shop:latest c03-shop:stable
!docker tag {new[0]} c03-shop
!docker tag {new[0]} c03-shop:stable
