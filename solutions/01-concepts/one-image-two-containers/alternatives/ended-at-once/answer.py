words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

# A desk is a container, also after its process has ended.
image = !docker image inspect --format "{{{{.Id}}}}" busybox:1.37
!docker run --name c01-desk-east {image[0]} sh -c "echo $east > east.txt"
!docker run --name c01-desk-west busybox:1.37 sh -c "echo $west | tee /west.txt; rm -rf /tmp; exit 3"
