words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

!docker run -d --init --name c01-desk-east busybox:1.37 sleep 36000
# a second desk needs a second image
!docker create --name c01-desk-west busybox:1.37
!docker commit --change "LABEL desk=west" c01-desk-west c01-desk:1.0
!docker rm c01-desk-west
!docker run -d --init --name c01-desk-west c01-desk:1.0 sleep 36000
!docker exec c01-desk-east sh -c "echo $east > /east.txt"
!docker exec c01-desk-west sh -c "echo $west > /west.txt"
