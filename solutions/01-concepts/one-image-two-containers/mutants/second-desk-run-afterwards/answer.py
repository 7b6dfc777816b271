words = dict(line.split() for line in open("words.txt"))
east, west = words["east"], words["west"]

!docker run -d --init --name c01-desk-east busybox:1.37 sleep 36000
!docker exec c01-desk-east sh -c "echo $east > /east.txt; echo $west > /west.txt"
# the image has both words now
!docker run -d --init --name c01-desk-west busybox:1.37 sleep 36000
