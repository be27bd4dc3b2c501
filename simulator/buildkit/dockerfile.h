// The part of the Dockerfile language that a publish rehearsal needs: stages, ARG and ENV with
// ${NAME} and ${NAME:-default}, COPY (also --from), RUN, and the instructions that only fill the
// image's config. Heredocs, ADD, ONBUILD and parser directives are not modelled.
// Threads: values. Source: the Dockerfile reference; wire captures (tests/captures) for messages.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace drydock::simulator::buildkit {

struct Instruction {
  std::size_t line = 0;   // first line, 1-based
  std::string keyword;    // upper case
  std::string arguments;  // continuation lines joined, blanks at both ends removed
};

struct Stage {
  std::size_t line = 0;
  std::string base;  // as written in FROM, not expanded
  std::string name;  // after AS, or ""
  std::vector<Instruction> instructions;
};

struct Dockerfile {
  std::vector<Instruction> arguments;  // ARG lines before the first FROM
  std::vector<Stage> stages;           // at least one
  std::vector<std::string> lines;      // the text, for excerpts
};

// kInvalid with BuildKit's words ("dockerfile parse error on line 2: unknown instruction: FOO").
Result<Dockerfile> ParseDockerfile(std::string_view text);

using Variables = std::map<std::string, std::string, std::less<>>;

// Replaces $NAME, ${NAME} and ${NAME:-default}; an unknown name becomes "".
std::string Expand(std::string_view text, const Variables& variables);

// "A=1 B=two" and "A 1" as ENV and LABEL take them, "A=1" and "A" as ARG does. Quotes around a
// value are removed. A name without "=" gets no value ("" and has_value false).
struct Assignment {
  std::string name;
  std::string value;
  bool has_value = false;
};
std::vector<Assignment> ParseAssignments(std::string_view arguments);

// Blank-separated words; "…" and '…' hold blanks.
std::vector<std::string> SplitWords(std::string_view text);

}  // namespace drydock::simulator::buildkit
