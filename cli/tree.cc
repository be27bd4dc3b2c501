// `drydock tree`: makes a project tree to hash.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "core/text.h"
#include "publisher/hash/tree_generator.h"

namespace drydock::cli {
namespace {

using publisher::TreeSpec;

constexpr char kTreeFooter[] =
    "The same options make the same tree, byte for byte, on every machine: Dockerfile.base, the "
    "two\n"
    "entrypoints and rootfs/ with exactly that many files and bytes.\n"
    "\n"
    "Examples:\n"
    "  drydock tree build/tree --files 60000 --bytes 1500000000\n"
    "  drydock tree build/deep --files 5000 --bytes 5000000 --shape deep --seed 7\n"
    "\n"
    "Exit codes: 0 made; 1 could not be written; 2 the command line is wrong or the folder is not\n"
    "empty.\n";

struct TreeCommand {
  std::string root;
  std::string shape = "rootfs";
  TreeSpec spec;
};

int RunTree(TreeCommand command) {
  const auto shape = publisher::ParseTreeShape(command.shape);
  Status made = Ok();
  if (shape) {
    command.spec.shape = *shape;
    made = publisher::GenerateTree(command.root, command.spec);
  } else {
    made = shape.error();
  }
  if (made) {
    return 0;
  }
  std::cerr << "drydock: " << made.error().message() << '\n';
  return made.error().code() == ErrorCode::kUnavailable ? 1 : kExitUsage;
}

}  // namespace

void AddTree(CLI::App& app, int& exit_code) {
  auto command = std::make_shared<TreeCommand>();
  CLI::App* tree = app.add_subcommand("tree", "Make a project tree to hash, from a seed");
  tree->footer(kTreeFooter);
  tree->add_option("FOLDER", command->root, "Where; made when missing, else it must be empty")
      ->required();
  tree->add_option("--files", command->spec.files, "Files below rootfs")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  tree->add_option("--bytes", command->spec.bytes, "Bytes in them together")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 40));
  tree->add_option("--seed", command->spec.seed, "Another seed, another tree")
      ->capture_default_str();
  tree->add_option("--shape", command->shape,
                   Concat({"One of ", Join(publisher::TreeShapeNames(), ", ")}))
      ->capture_default_str();
  tree->callback([command, &exit_code] { exit_code = RunTree(*command); });
}

}  // namespace drydock::cli
