words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

# one image for both desks, so it needs both words
!docker create --name c01-desk-east busybox:1.37
!docker cp words.txt c01-desk-east:/words.txt
!docker commit c01-desk-east c01-desk:1.0
!docker rm c01-desk-east
!docker run -d --init --name c01-desk-east c01-desk:1.0 sleep 36000
!docker run -d --init --name c01-desk-west c01-desk:1.0 sleep 36000
!docker exec c01-desk-east sh -c "grep east /words.txt > /east.txt"
!docker exec c01-desk-west sh -c "grep west /words.txt > /west.txt"
