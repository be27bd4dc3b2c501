# The plot of docs/performance-hash.md: gnuplot -e "data='…'; picture='….svg'" scaling.gp
set terminal svg size 760,480 font 'sans-serif,13' background rgb 'white'
set output picture
set logscale xy
set xlabel 'bytes in the tree (25 kB a file)'
set ylabel 'seconds'
set format x '10^{%L}'
set grid
set key top left
set datafile missing 'NaN'
plot data using 1:5 with linespoints lw 2 pt 7 title 'shell recipe', \
     data using 1:3 with linespoints lw 2 pt 7 title 'drydock hash, cold', \
     data using 1:2 with lines lw 2 dt 2 title 'floor: SHA-256 of openssl speed', \
     data using 1:4 with linespoints lw 2 pt 7 title 'drydock hash, nothing changed'
