open("mode.txt", "w").write("alone")
