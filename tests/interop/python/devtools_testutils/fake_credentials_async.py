from . import FakeTokenCredential


class AsyncFakeCredential(FakeTokenCredential):
    async def get_token(self, *scopes, **options):
        return super().get_token(*scopes, **options)

    async def close(self):
        pass
