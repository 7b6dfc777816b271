!docker exec fake-engine docker run --name inner busybox:1.37 echo something else
