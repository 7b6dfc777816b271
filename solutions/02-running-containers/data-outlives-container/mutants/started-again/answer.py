!docker volume create c02-data
!docker stop c02-notebook
!docker start c02-notebook
