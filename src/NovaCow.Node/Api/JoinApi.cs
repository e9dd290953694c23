using NovaCow.Client;
using NovaCow.Node.Security;

namespace NovaCow.Node.Api;

/// <summary>How machines become hosts, and stay so.</summary>
internal static class JoinApi
{
    public static void Map(IEndpointRouteBuilder v1)
    {
        v1.MapGet("/ca", (CertificateDesk desk) => TypedResults.Text(desk.AuthorityPem()))
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .WithTags("joining").WithSummary("The certificate of the cluster's authority, as PEM")
            .Fails(501);
        v1.MapPost("/join-tokens", (TokenRequest request, CertificateDesk desk) =>
                desk.MakeToken(request))
            .WithTags("joining").WithSummary("Make a token that lets a machine join as a host")
            .Fails(400, 501);
        v1.MapPost("/join", (
                JoinRequest request, CertificateDesk desk, HttpContext context,
                CancellationToken ct) => desk.JoinAsync(request, desk.Judge(context), ct))
            .WithTags("joining").WithSummary("A host's certificate, for a token")
            .Fails(400, 403, 501);
        v1.MapPost("/renew", (RenewRequest request, CertificateDesk desk, HttpContext context) =>
                desk.Renew(request, context))
            .WithTags("joining").WithSummary("A new certificate for the host that presents one")
            .Fails(400, 501);
    }
}
