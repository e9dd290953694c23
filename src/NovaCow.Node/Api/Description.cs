using System.Globalization;
using Microsoft.OpenApi;
using NovaCow.Client;

namespace NovaCow.Node.Api;

/// <summary>What the API's description says beyond the shapes of requests and answers.</summary>
internal static class Description
{
    public static void Add(IServiceCollection services) => services.AddOpenApi(
        "v1",
        options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "NovaCow",
                Version = "v1",
                Description = "Copy-on-write disks for virtual machines, across a fleet. Every "
                    + "failure is a problem document (RFC 9457) with a stable code.",
            };
            document.Servers = null;
            return Task.CompletedTask;
        }));

    /// <summary>The statuses of this route's problems, beside those that every route has.</summary>
    public static RouteHandlerBuilder Fails(this RouteHandlerBuilder route, params int[] statuses)
    {
        int[] always =
        [
            StatusCodes.Status400BadRequest,
            StatusCodes.Status500InternalServerError,
            StatusCodes.Status503ServiceUnavailable,
            StatusCodes.Status504GatewayTimeout,
        ];
        foreach (var status in always.Union(statuses).Order())
            route.Produces<Problem>(status, ProblemMiddleware.ProblemType);
        return route;
    }

    /// <summary>A header that this route heeds.</summary>
    public static RouteHandlerBuilder Heeds(
        this RouteHandlerBuilder route, string header, string meaning) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = header,
                In = ParameterLocation.Header,
                Description = meaning,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
            return Task.CompletedTask;
        });

    /// <summary>A parameter of the query that is read as text, to say what is wrong with it, and
    /// is a whole number.</summary>
    public static RouteHandlerBuilder Counts(
        this RouteHandlerBuilder route, string parameter, int? least = null,
        int? most = null) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            var found = operation.Parameters?.OfType<OpenApiParameter>()
                .FirstOrDefault(p => p.Name == parameter);
            if (found is not null)
            {
                found.Schema = new OpenApiSchema
                {
                    Type = JsonSchemaType.Integer,
                    Minimum = least?.ToString(CultureInfo.InvariantCulture),
                    Maximum = most?.ToString(CultureInfo.InvariantCulture),
                };
            }

            return Task.CompletedTask;
        });
}
