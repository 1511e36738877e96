"""Checks the AWS resources of a graph with cfn-lint, as a CloudFormation template.

Reads from standard input {"region": ..., "resources": [{"name", "type": "eks:Cluster", "properties"}]}
and prints what cfn-lint says, one line each. aws-native's property names are CloudFormation's with
another case; the schemas that cfn-lint brings have the right one.
"""

import json
import sys

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

graph = json.load(sys.stdin)
region = graph["region"]
TYPES = {name.lower(): name for name in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)}


def resolve(schema, root):
    while "$ref" in schema:
        node = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step]
        schema = node
    return schema


def properties_of(schema, root):
    """The properties of an object, also those that only some of its variants have."""
    schema = resolve(schema, root)
    found = dict(schema.get("properties", {}))
    for variant in [v for key in ("oneOf", "anyOf", "allOf") for v in schema.get(key, [])]:
        found = {**properties_of(variant, root), **found}
    return found


def renamed(value, schema, root):
    schema = resolve(schema, root)
    if isinstance(value, list):
        variants = [resolve(variant, root) for variant in [schema, *schema.get("oneOf", []), *schema.get("anyOf", [])]]
        items = next((variant["items"] for variant in variants if "items" in variant), {})
        return [renamed(item, items, root) for item in value]
    if not isinstance(value, dict):
        return value
    properties = properties_of(schema, root)
    # A map or a policy document: its keys are the user's.
    if not properties:
        items = next(iter(schema.get("patternProperties", {}).values()), {})
        return {key: renamed(inner, items, root) for key, inner in value.items()}
    names = {name.lower(): name for name in properties}
    return {
        (name := names.get(key.lower(), key)): renamed(inner, properties.get(name, {}), root)
        for key, inner in value.items()
    }


resources = {}
for index, resource in enumerate(graph["resources"]):
    kind = TYPES.get(f"aws::{resource['type'].replace(':', '::').lower()}")
    if kind is None:
        sys.exit(f"cfn-lint knows no type {resource['type']}")
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    resources[f"R{index}"] = {"Type": kind, "Properties": renamed(resource["properties"], schema, schema)}

template = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
for match in lint(template, config=ManualArgs(regions=[region])):
    _, where, *path = [str(step) for step in match.path]
    resource = graph["resources"][int(where[1:])]
    print(f"{resource['type']} {resource['name']} {'/'.join(path[1:])}: {match.rule.id} {match.message}")
