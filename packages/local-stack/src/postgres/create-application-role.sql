-- Run by the PostgreSQL image of docker-compose.yml when it creates its data folder. The migrations give this role its rights; they also
-- create it in a data folder that is older than this file.
CREATE ROLE holdfast_app LOGIN;
