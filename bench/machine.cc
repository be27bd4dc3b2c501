#include "bench/machine.h"

#include "bench/trial.h"
#include "core/text.h"

namespace drydock::bench {

std::string MachineLines(const std::vector<std::string>& versions) {
  return Concat({"- processor: ", Output("sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1"),
                 ", ", Output("nproc"), " processors; memory: ",
                 Output("awk '/MemTotal/ {printf \"%.0f GiB\", $2 / 1048576}' /proc/meminfo"),
                 "\n- Linux ", Output("uname -r"), "; ", Output("openssl version"), "; ",
                 Join(versions, "; "), "\n"});
}

std::string FileSystemOf(const std::string& folder) {
  return Output(Concat({"df --output=fstype ", Quoted(folder), " | tail -n 1"}));
}

std::string Load() { return Output("cut -d' ' -f1-3 /proc/loadavg"); }

}  // namespace drydock::bench
