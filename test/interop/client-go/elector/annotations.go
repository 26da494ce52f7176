//go:build annotations

// With the client-go of annotations.mod, the last one that has locks in annotations alone:
//
//	go build -modfile=annotations.mod -tags=annotations ./elector
package main

import (
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func newLock() resourcelock.Interface {
	kinds := map[string]string{"configmap": "configmaps", "endpoints": "endpoints"}
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		fatal("%s", err)
	}
	self := resourcelock.ResourceLockConfig{Identity: *identity}
	lock, err := resourcelock.NewFromKubeconfig(kinds[*kind], *namespace, *name, self, config, seconds(*renewDeadline))
	if err != nil {
		fatal("%s", err)
	}
	return lock
}
