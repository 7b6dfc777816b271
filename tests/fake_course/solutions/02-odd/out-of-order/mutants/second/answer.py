open("mode.txt", "w").write("second")
