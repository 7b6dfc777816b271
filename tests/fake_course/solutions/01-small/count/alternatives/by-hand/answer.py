"The value lies in answer.json."
