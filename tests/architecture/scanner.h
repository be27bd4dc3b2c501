// C++ text without what the rules must not look at, and where its functions begin and end. A
// scanner of characters and braces, not a parser: good for the house style, not for all of C++.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace drydock::architecture {

// The same text with comments and the insides of string and character literals replaced by blanks;
// line breaks stay, so positions and line numbers stay true. Quotes of literals stay as well.
std::string CodeOnly(std::string_view text);

// 1-based line of a position.
std::size_t LineAt(std::string_view text, std::size_t position);

// For every line of `code` (as CodeOnly gives it): does it count as a line of code? Blank lines do
// not, nor do lines that lie wholly inside a table: an initialiser after "= {", the arguments of
// testing::Values, or a line that is a string literal.
std::vector<bool> CountedLines(std::string_view code);

struct Function {
  std::string name;         // "Name(", up to and without the bracket
  std::size_t line = 0;     // of its first line
  std::size_t counted = 0;  // lines of code, head and closing brace included
};

// Functions at namespace or class scope. Lambdas belong to the function around them.
std::vector<Function> Functions(std::string_view code);

}  // namespace drydock::architecture
