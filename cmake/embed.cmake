# cmake -DOUTPUT=FILE.cc -DHEADER=NAME.h -DNAMESPACE=a::b -DNAME=kName "-DFILES=a;b" -P embed.cmake
#
# Writes a source that defines `const std::string_view NAME`: the files' texts, one after another.
set(text "")
foreach(file IN LISTS FILES)
  file(READ "${file}" part)
  string(APPEND text "${part}")
endforeach()
set(mark "embedded")
string(FIND "${text}" ")${mark}\"" clash)
if(NOT clash EQUAL -1)
  message(FATAL_ERROR "embed: a file holds the mark that ends a literal: )${mark}\"")
endif()
file(WRITE "${OUTPUT}" "// Made by cmake/embed.cmake.
#include \"${HEADER}\"

namespace ${NAMESPACE} {

const std::string_view ${NAME} = R\"${mark}(${text})${mark}\";

}  // namespace ${NAMESPACE}
")
