# find_package(drydock): the target drydock::hub is a fake registry to be linked into a test.
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL 3)
find_dependency(Threads)
find_dependency(nlohmann_json 3.11)
find_dependency(PkgConfig)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
include("${CMAKE_CURRENT_LIST_DIR}/drydock-targets.cmake")
