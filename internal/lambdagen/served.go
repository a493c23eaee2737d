package main

// served are the operations that get structs and a place in lambdaapi's
// Operations, with the part of the project that brings them. The rest of the
// service (layers, code signing, capacity providers, durable executions,
// provisioned concurrency) is known by name only.
var served = func() map[string]string {
	parts := map[string][]string{
		"functions, mappings, Invoke and tags": {
			"CreateEventSourceMapping", "DeleteEventSourceMapping", "GetEventSourceMapping", "ListEventSourceMappings", "UpdateEventSourceMapping",
			"CreateFunction", "DeleteFunction", "GetFunction", "GetFunctionConfiguration", "ListFunctions", "UpdateFunctionCode", "UpdateFunctionConfiguration",
			"GetFunctionCodeSigningConfig", "ListVersionsByFunction", "Invoke", "ListTags", "TagResource", "UntagResource", "GetAccountSettings",
		},
		"asynchronous invocation, versions, aliases and concurrency": {
			"InvokeAsync", "InvokeWithResponseStream",
			"PublishVersion", "CreateAlias", "DeleteAlias", "GetAlias", "ListAliases", "UpdateAlias",
			"DeleteFunctionConcurrency", "GetFunctionConcurrency", "PutFunctionConcurrency",
			"DeleteFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig", "ListFunctionEventInvokeConfigs", "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig",
			"GetFunctionRecursionConfig", "PutFunctionRecursionConfig", "GetRuntimeManagementConfig",
		},
		"resource policies and function URLs": {
			"AddPermission", "GetPolicy", "RemovePermission", "DeleteResourcePolicy", "GetResourcePolicy", "PutResourcePolicy",
			"CreateFunctionUrlConfig", "DeleteFunctionUrlConfig", "GetFunctionUrlConfig", "ListFunctionUrlConfigs", "UpdateFunctionUrlConfig",
		},
	}
	all := map[string]string{}
	for part, operations := range parts {
		for _, name := range operations {
			all[name] = part
		}
	}
	return all
}()
