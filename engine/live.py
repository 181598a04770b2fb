import bench.frames as b, os, sys
b.MINUTES=float(sys.argv[1])
print(b.run(2))
