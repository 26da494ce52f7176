// What BuildKit makes of a Dockerfile, as JSON: its checks (those of `docker build --check`, experimental ones
// included), the configuration of the image, and the steps of its stages. Nothing is built and nothing is fetched: of a
// base image only the configuration below is known.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// What the official image of Debian says of itself.
const base = `{"architecture":"amd64","os":"linux","config":{
	"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["bash"]}}`

type baseImages struct{}

func (baseImages) ResolveSourceMetadata(_ context.Context, op *pb.SourceOp, _ sourceresolver.Opt) (*sourceresolver.MetaResponse, error) {
	return &sourceresolver.MetaResponse{
		Op:    op,
		Image: &sourceresolver.ResolveImageResponse{Digest: digest.FromString(base), Config: []byte(base)},
	}, nil
}

func (baseImages) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, digest.FromString(base), []byte(base), nil
}

type warning struct {
	Rule   string `json:"rule"`
	Detail string `json:"detail"`
	Line   int32  `json:"line"`
}

// One step of a stage: a command of its shell, or a copy.
type step struct {
	// The folder that it is taken in.
	Folder string `json:"folder"`
	Run    string `json:"run,omitempty"`
	// The stage that is copied from; without one: the folder that is built.
	From    string   `json:"from,omitempty"`
	Sources []string `json:"sources,omitempty"`
	// Absolute; with a slash at its end where the copies go into that folder.
	To string `json:"to,omitempty"`
}

type stage struct {
	Name  string `json:"name"`
	Base  string `json:"base"`
	Steps []step `json:"steps"`
}

type report struct {
	Warnings []warning            `json:"warnings"`
	Config   ocispecs.ImageConfig `json:"config"`
	Stages   []stage              `json:"stages"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dockerfile FOLDER")
		os.Exit(64)
	}
	result, err := examine(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(result)
}

func examine(folder string) (*report, error) {
	content, err := os.ReadFile(path.Join(folder, "Dockerfile"))
	if err != nil {
		return nil, err
	}
	result := &report{Warnings: []warning{}}
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	options := dockerfile2llb.ConvertOpt{
		Config: dockerui.Config{
			BuildPlatforms: []ocispecs.Platform{platform},
			LinterConfig:   &linter.Config{ExperimentalAll: true},
		},
		MetaResolver:   baseImages{},
		TargetPlatform: &platform,
		SourceMap:      llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", content),
	}
	options.SourceMap.Definition = &llb.Definition{}
	ctx := context.Background()
	checks, err := dockerfile2llb.DockerfileLint(ctx, content, options)
	if err != nil {
		return nil, err
	}
	if checks.Error != nil {
		return nil, fmt.Errorf("%s", checks.Error.Message)
	}
	for _, found := range checks.Warnings {
		var line int32
		if ranges := found.Location.GetRanges(); len(ranges) > 0 {
			line = ranges[0].Start.Line
		}
		result.Warnings = append(result.Warnings, warning{found.RuleName, found.Detail, line})
	}
	image, err := dockerfile2llb.Dockerfile2LLB(ctx, content, options)
	if err != nil {
		return nil, err
	}
	result.Config = image.Image.Config.ImageConfig
	if err := result.addStages(content); err != nil {
		return nil, err
	}
	return result, result.addIgnored(folder)
}

func (result *report) addStages(content []byte) error {
	tree, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return err
	}
	stages, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return err
	}
	for _, parsed := range stages {
		one := stage{Name: parsed.Name, Base: parsed.BaseName, Steps: []step{}}
		folder := "/"
		for _, command := range parsed.Commands {
			switch each := command.(type) {
			case *instructions.WorkdirCommand:
				folder = absolute(folder, each.Path)
			case *instructions.RunCommand:
				one.Steps = append(one.Steps, step{Folder: folder, Run: strings.Join(each.CmdLine, " ")})
			case *instructions.CopyCommand:
				to := absolute(folder, each.DestPath)
				one.Steps = append(one.Steps, step{Folder: folder, From: each.From, Sources: each.SourcePaths, To: to})
			}
		}
		result.Stages = append(result.Stages, one)
	}
	return nil
}

// BuildKit's check of that name asks a client for the patterns, and here is none.
func (result *report) addIgnored(folder string) error {
	list, err := os.ReadFile(path.Join(folder, ".dockerignore"))
	if err != nil {
		return err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(list))
	if err != nil {
		return err
	}
	for _, one := range result.Stages {
		for _, each := range one.Steps {
			for _, source := range each.Sources {
				ignored, err := patternmatcher.MatchesOrParentMatches(path.Clean(source), patterns)
				if err != nil {
					return err
				}
				if ignored && each.From == "" {
					result.Warnings = append(result.Warnings, warning{"CopyIgnoredFile", source + " is in .dockerignore", 0})
				}
			}
		}
	}
	return nil
}

func absolute(folder, name string) string {
	whole := name
	if !path.IsAbs(name) {
		whole = path.Join(folder, name)
	}
	if name == "." || strings.HasSuffix(name, "/") {
		return path.Clean(whole) + "/"
	}
	return path.Clean(whole)
}
