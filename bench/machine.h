// What a report says about the machine it was made on. Threads: any; each call runs programs.
// Source: issues 3 and 4, "ratios of the same run".
#pragma once

#include <string>
#include <vector>

namespace drydock::bench {

// Two list items of Markdown: processor and memory; kernel, OpenSSL and `versions`. What cannot be
// told is left empty.
std::string MachineLines(const std::vector<std::string>& versions);
std::string FileSystemOf(const std::string& folder);  // "ext4"
std::string Load();                                   // "0.52 0.61 0.60": over 1, 5, 15 minutes

}  // namespace drydock::bench
