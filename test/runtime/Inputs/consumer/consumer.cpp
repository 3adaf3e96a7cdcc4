// The same as consumer.c with the C++ wrapper.
#include <iostream>
#include <winnow/runtime.hpp>

int main(int argc, char **argv) try {
  if (argc != 2)
    return 1;
  wn::Module module = wn::Module::fromFile(argv[1]);
  wn::Session session(module);
  std::vector<float> x(2 * 16, 1.0f);
  std::vector<int64_t> shape = {2, 16};
  DLTensor input = {x.data(), {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape.data(), nullptr, 0};
  std::vector<wn::Tensor> outputs = session.invoke("main", {input}, 2);
  std::cout << module.functions()[0] << ':';
  for (int i = 0; i < 16; ++i)
    std::cout << ' ' << outputs[0].data<float>()[i];
  std::cout << "; " << outputs[1].data<int64_t>()[0] << '\n';
} catch (const wn::Error &error) {
  std::cerr << "code " << error.code() << ": " << error.what() << '\n';
  return 1;
}
