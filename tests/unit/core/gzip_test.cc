#include "core/gzip.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace drydock {
namespace {

TEST(GzipOnceTest, GivesWhatGzipGives) {
  for (const std::size_t size : {0U, 1U, 700U, 65'536U, 65'537U, 300'000U}) {
    const std::string bytes(size, 'a');
    for (const int level : {kGzipUsual, kGzipSmallest, 1}) {
      EXPECT_EQ(*GzipOnce(bytes, level), Gzip(bytes, level)) << size << " at level " << level;
      EXPECT_EQ(*GzipOnce(bytes, level), Gzip(bytes, level)) << size << ", again";
    }
  }
}

TEST(GzipOnceTest, PacksSmallBytesOnce) {
  const std::string small = "packed once and held";
  EXPECT_EQ(GzipOnce(small), GzipOnce(small));
  EXPECT_NE(GzipOnce(small), GzipOnce(small, 1)) << "another level is another result";
  const std::string large(200'000, 'b');
  EXPECT_NE(GzipOnce(large), GzipOnce(large));
}

TEST(GzipOnceTest, ServesManyThreads) {
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int each = 0; each < 4; ++each) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        const std::string bytes = "thread test " + std::to_string(i % 40);
        EXPECT_EQ(*GzipOnce(bytes), Gzip(bytes));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace drydock
