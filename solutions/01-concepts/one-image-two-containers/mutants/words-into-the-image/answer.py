words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

# what is written in a container is in its image as well: so it has to get there
!docker run --name c01-desk-east busybox:1.37 sh -c "echo $east > /east.txt"
!docker commit c01-desk-east c01-desk:1.0
!docker rm c01-desk-east
!docker run -d --init --name c01-desk-east c01-desk:1.0 sleep 36000
!docker run -d --init --name c01-desk-west c01-desk:1.0 sleep 36000
!docker exec c01-desk-east sh -c "echo $east > /east.txt"
!docker exec c01-desk-west sh -c "rm /east.txt; echo $west > /west.txt"
