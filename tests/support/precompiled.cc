// Owns the precompiled headers of the tests; CMake wants a source to hang them on.
