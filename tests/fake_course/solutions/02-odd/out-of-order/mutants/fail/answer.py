open("mode.txt", "w").write("fail")
