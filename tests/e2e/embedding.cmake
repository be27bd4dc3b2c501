# Installs drydock below BUILD, builds the example against that tree alone and runs it.
# cmake -DBUILD=… -DSOURCE=… -DCOMPILER=… -P embedding.cmake
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${BUILD}/embedding)
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${BUILD}/embedding/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE}/docs/examples/embedding -B ${BUILD}/embedding/build
    -DCMAKE_PREFIX_PATH=${BUILD}/embedding/prefix -DCMAKE_CXX_COMPILER=${COMPILER})
run(${CMAKE_COMMAND} --build ${BUILD}/embedding/build)
run(${BUILD}/embedding/build/embedding)
