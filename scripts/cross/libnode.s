// Stands in for Node's library, which the build for gnullvm looks for: of it nothing is linked. And it tells the linker which
// function is exported, since cargo-zigbuild drops the list that the compiler makes, and without one all are.

.section .drectve, "yni"
.ascii " -export:napi_register_module_v1"
