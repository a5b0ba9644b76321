"""A stand-in for k3s: the contract that our scripts rely on, with a real etcd and a real kubectl."""
